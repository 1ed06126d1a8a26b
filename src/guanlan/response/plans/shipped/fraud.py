"""Plans against fraud: a wave of account takeovers, a fraud ring."""

from __future__ import annotations

from typing import Final

from guanlan.response.plans.shipped.parts import clocks, review, service, statement
from guanlan.response.plans.shipped.sketch import Both, Do, Tell, When, number, plan, t, yes_no

TAKEOVER: Final = plan(
    "account_takeover", "fraud", 80,
    t("Account-takeover wave", "账户盗用潮", "帳戶盜用潮"),
    t("When takeovers of accounts rise above what is usual: alerts for new devices followed by"
      " transfers, complaints of unknown payments, or a tested list of stolen passwords.",
      "账户盗用明显高于常态时使用：新设备登录后转账的告警、客户投诉非本人交易，或出现撞库迹象。",
      "帳戶盜用明顯高於常態時使用：新裝置登入後轉帳的告警、客戶申訴非本人交易，或出現撞庫跡象。"),
    (
        yes_no("money_lost", t("Customers have lost money", "已有客户资金损失", "已有客戶資金損失")),
        yes_no("data_taken", t("Personal data was taken from us", "个人信息由我方泄露", "個資由我方外洩")),
        number("accounts", t("Accounts taken over", "被盗用账户数", "被盜用帳戶數")),
    ),
    Tell("alert", "fraud_analyst",
         t("Call the fraud desk", "召集反欺诈值班", "召集反詐欺值班"),
         t("Many accounts seem to be taken over. Join the desk now; the first task is to size it.",
           "疑似大量账户被盗用。请立即到岗，首要任务是判断规模。",
           "疑似大量帳戶被盜用。請立即到班，首要任務是判斷規模。")),
    Do("size", "fraud_analyst", 20,
       t("Size the wave", "判断规模", "判斷規模"),
       t("Count accounts with a new device and a transfer or a changed phone within an hour, by"
         " hour, since the first case. Note what they share: addresses, device types, payees,"
         " channel of entry. Record the number and whether money is gone.",
         "自首例起按小时统计：新设备登录后一小时内发生转账或更换手机号的账户。记录共同点：网络地址、设备型号、"
         "收款人、入口渠道。登记数量及是否已有资金损失。",
         "自首例起按小時統計：新裝置登入後一小時內發生轉帳或更換手機號碼的帳戶。記錄共同點：網路位址、裝置型號、"
         "收款人、入口管道。登記數量及是否已有資金損失。"),
       ("accounts", "money_lost")),
    Both("contain", t("Contain", "止损", "止損"), (
        (
            Do("restrict", "fraud_analyst", 30,
               t("Restrict the accounts", "限制涉案账户", "限制涉案帳戶"),
               t("For each account found: no transfer out, no new payee, no change of phone or"
                 " password, with an end within 72 hours and the reason for customer service. Do not"
                 " delete sessions before they are preserved as evidence.",
                 "对每个涉案账户：禁止转出、禁止新增收款人、禁止更换手机号或密码，72 小时内到期，并附给客服的原因说明。"
                 "会话在取证保全前不得清除。",
                 "對每個涉案帳戶：禁止轉出、禁止新增收款人、禁止更換手機號碼或密碼，72 小時內到期，並附給客服的原因說明。"
                 "工作階段在取證保全前不得清除。")),
            Do("payees", "fraud_analyst", 60,
               t("Stop the money", "拦截资金", "攔截資金"),
               t("Put receiving accounts on the watch or block list, hold transfers not yet settled,"
                 " and ask receiving banks to freeze by the agreed channel. Note time and amount of"
                 " each request.",
                 "将收款账户列入关注或黑名单，暂缓未清算的转账，通过约定渠道请收款行止付。逐笔记录请求时间与金额。",
                 "將收款帳戶列入關注或黑名單，暫緩未清算的轉帳，透過約定管道請收款行止付。逐筆記錄請求時間與金額。")),
        ),
        (
            Do("entry", "security_engineer", 60,
               t("Close the way in", "封堵入口", "封堵入口"),
               t("Find how they get in: tested passwords, phishing page, stolen codes, malware, or a"
                 " fault of ours. Raise rate limits, require step-up for new devices, block sources,"
                 " have phishing pages taken down. Record whether data was taken from us.",
                 "查明入侵方式：撞库、钓鱼页面、验证码窃取、恶意软件或我方缺陷。收紧频率限制，对新设备加强验证，"
                 "封禁来源，关停钓鱼页面。登记数据是否由我方泄露。",
                 "查明入侵方式：撞庫、釣魚頁面、驗證碼竊取、惡意軟體或我方缺陷。收緊頻率限制，對新裝置加強驗證，"
                 "封鎖來源，下架釣魚頁面。登記資料是否由我方外洩。"),
               ("data_taken",)),
            Do("rule", "scenario_approver", 90,
               t("Put a rule in force", "上线临时规则", "上線臨時規則"),
               t("Have a rule for the shared pattern written, replayed over the last 30 days and"
                 " approved. State expected hits and false alarms; set a date for its review.",
                 "针对共同特征编写规则，以近 30 天数据回测后批准上线。写明预期命中与误报，并设定复查日期。",
                 "針對共同特徵編寫規則，以近 30 天資料回測後核准上線。寫明預期命中與誤報，並設定複查日期。")),
        ),
    )),
    When("leak", t("Did data leave us?", "数据是否由我方泄露？", "資料是否由我方外洩？"), "data_taken",
         (clocks(minutes=30),)),
    When("loss", t("Is money lost or the wave large?", "有资金损失或规模较大？", "有資金損失或規模較大？"),
         "money_lost or accounts >= 50",
         (
             statement(),
             Do("refund", "risk_owner", 240,
                t("Decide on compensation", "决定赔付", "決定賠付"),
                t("Decide by one rule for all: who is paid at once, who after examination, by whose"
                  " signature. Give customer service the words and the time to payment.",
                  "按统一规则决定：哪些先行赔付，哪些核查后赔付，由谁签批。将口径和到账时间告知客服。",
                  "按統一規則決定：哪些先行賠付，哪些核查後賠付，由誰簽核。將口徑和入帳時間告知客服。")),
         )),
    service(),
    Do("restore", "fraud_analyst", 1440,
       t("Give accounts back", "恢复账户", "恢復帳戶"),
       t("Return each account only after the customer has been identified anew, passwords and devices"
         " reset, and changes by the attacker undone. Lift the restriction with a note.",
         "须重新核实客户身份、重置密码和设备、撤销攻击者所作变更后，方可归还账户。解除限制并附说明。",
         "須重新核實客戶身分、重設密碼和裝置、撤銷攻擊者所作變更後，方可歸還帳戶。解除限制並附說明。")),
    review(),
)  # fmt: skip

RING: Final = plan(
    "fraud_ring", "fraud", 70,
    t("Fraud ring", "团伙欺诈", "集團詐欺"),
    t("When many accounts act together: shared devices, addresses or payees, mule accounts, abuse of"
      " bonuses or credit in series.",
      "多个账户协同作案时使用：共用设备、地址或收款人，跑分账户，批量套取营销或授信。",
      "多個帳戶協同作案時使用：共用裝置、位址或收款人，人頭帳戶，批次套取行銷獎勵或授信。"),
    (
        yes_no("insider", t("Staff or a partner may be involved", "可能有内部人员或合作方参与",
                            "可能有內部人員或合作方參與")),
        yes_no("laundering", t("There are signs of money laundering", "有洗钱迹象", "有洗錢跡象")),
        number("members", t("Accounts in the ring", "涉案账户数", "涉案帳戶數")),
    ),
    Do("map", "fraud_analyst", 120,
       t("Map the ring", "绘制关系图", "繪製關係圖"),
       t("Start from the confirmed accounts and follow devices, addresses, cards, payees and times of"
         " registration, two steps out. Separate the core from people who only share a network."
         " Record the number of accounts.",
         "从已确认账户出发，沿设备、网络地址、卡、收款人和注册时间扩展两层。区分核心成员与仅共用网络者。登记账户数量。",
         "從已確認帳戶出發，沿裝置、網路位址、卡、收款人和註冊時間擴展兩層。區分核心成員與僅共用網路者。登記帳戶數量。"),
       ("members",)),
    Do("judge", "risk_owner", 60,
       t("Decide when to strike", "决定收网时机", "決定收網時機"),
       t("Weigh the loss per hour against what watching still teaches. Decide whether to act now, and"
         " say whether staff or a partner may be involved; then only named people are told.",
         "权衡每小时损失与继续观察的价值，决定是否立即处置；判断是否可能涉及内部人员或合作方，若是，仅告知指定人员。",
         "權衡每小時損失與繼續觀察的價值，決定是否立即處置；判斷是否可能涉及內部人員或合作方，若是，僅告知指定人員。"),
       ("insider",)),
    When("inside", t("Is somebody inside involved?", "是否涉及内部？", "是否涉及內部？"), "insider",
         (
             Do("seal", "compliance_officer", 60,
                t("Keep it closed and preserve evidence", "封闭处理并保全证据", "封閉處理並保全證據"),
                t("Limit the circle to named people, preserve access logs and messages of those"
                  " concerned, take away rights without warning, and bring in counsel and human"
                  " resources before anybody is spoken to.",
                  "知情范围限于指定人员，保全相关人员的访问日志与通讯，不预先告知即收回权限，面谈前先引入法务和人力资源。",
                  "知情範圍限於指定人員，保全相關人員的存取日誌與通訊，不預先告知即收回權限，面談前先引入法務和人力資源。")),
         )),
    Both("strike", t("Strike at once", "同步处置", "同步處置"), (
        (
            Do("freeze", "fraud_analyst", 30,
               t("Restrict all accounts together", "同时限制全部账户", "同時限制全部帳戶"),
               t("Restrict core accounts within the same minutes: transfers out, withdrawals, new"
                 " payees. Hold open payouts. Edge accounts get step-up verification only.",
                 "在同一时段限制核心账户的转出、提现和新增收款人，暂缓待付款项。边缘账户仅加强验证。",
                 "在同一時段限制核心帳戶的轉出、提領和新增收款人，暫緩待付款項。邊緣帳戶僅加強驗證。")),
        ),
        (
            Do("block", "security_engineer", 30,
               t("Block shared means", "封堵共用资源", "封堵共用資源"),
               t("Put devices, address ranges and number ranges of the ring on the lists, with an end;"
                 " check that no office, school or carrier network is hit.",
                 "将团伙的设备、网段和号段列入名单并设到期日；确认不误伤企业、学校或运营商网络。",
                 "將集團的裝置、網段和號段列入名單並設到期日；確認不誤傷企業、學校或電信業者網路。")),
        ),
    )),
    Do("launder", "compliance_officer", 240,
       t("Examine for laundering", "反洗钱研判", "反洗錢研判"),
       t("Look at sources, speed and ends of the money. Decide on a suspicious-transaction report for"
         " each core account. Do not tip anybody off.",
         "分析资金来源、流速与去向，对每个核心账户决定是否提交可疑交易报告。严禁泄露。",
         "分析資金來源、流速與去向，對每個核心帳戶決定是否提交可疑交易申報。嚴禁洩露。"),
       ("laundering",)),
    When("report", t("Signs of laundering?", "有洗钱迹象？", "有洗錢跡象？"), "laundering",
         (
             clocks(),
             Do("police", "compliance_officer", 1440,
                t("Go to the police", "报案", "報案"),
                t("Hand over the map, the amounts, preserved logs and a contact person; note file"
                  " number and officer. From then on agree each step that could warn the ring.",
                  "提交关系图、金额、保全日志和联系人，记录案号与经办人。此后凡可能惊动团伙的动作均先沟通。",
                  "提交關係圖、金額、保全日誌和聯絡人，記錄案號與承辦人。此後凡可能驚動集團的動作均先溝通。")),
         )),
    service(120),
    Do("clean", "fraud_analyst", 4320,
       t("Recover and clear the innocent", "追损并解除误伤", "追損並解除誤傷"),
       t("Recover what can be recovered, answer appeals within two days, lift restrictions of those"
         " wrongly drawn in, and feed labels back with the time they became known.",
         "尽力追回损失，两日内答复申诉，解除误伤账户的限制，并按知悉时间回填标签。",
         "盡力追回損失，兩日內答覆申訴，解除誤傷帳戶的限制，並按知悉時間回填標籤。")),
    review(),
)  # fmt: skip
