"""Plans for operations: a payment outage, denial of service, a third party that fails."""

from __future__ import annotations

from typing import Final

from guanlan.response.plans.shipped.parts import clocks, review, service, statement
from guanlan.response.plans.shipped.sketch import Both, Do, Tell, When, number, plan, t, yes_no

PAYMENT: Final = plan(
    "payment_outage", "operations", 80,
    t("Payment outage", "支付中断", "支付中斷"),
    t("When customers cannot pay or be paid, or payments are doubled or lost: success rate below its"
      " threshold, queues growing, reconciliation that does not match.",
      "客户无法付款或收款、交易重复或丢失时使用：成功率跌破阈值、队列堆积、对账不平。",
      "客戶無法付款或收款、交易重複或遺失時使用：成功率跌破閾值、佇列堆積、對帳不平。"),
    (
        yes_no("ours", t("The fault is in our own systems", "故障在我方系统", "故障在我方系統")),
        yes_no("changed", t("Something was changed shortly before", "故障前有变更", "故障前有變更")),
        yes_no("books_wrong", t("Payments are doubled, lost or unclear", "存在重复、丢失或状态不明的交易",
                                "存在重複、遺失或狀態不明的交易")),
        number("minutes_down", t("Expected length in minutes", "预计中断分钟数", "預計中斷分鐘數")),
    ),
    Tell("alert", "operations",
         t("Call operations on duty", "召集运维值班", "召集維運值班"),
         t("Payments fail. Join the incident line; no change to production without its leader.",
           "支付异常。请加入应急通道；未经指挥同意不得变更生产环境。",
           "支付異常。請加入應變通道；未經指揮同意不得變更正式環境。")),
    Do("look", "operations", 15,
       t("Say what fails and since when", "确认故障范围与起点", "確認故障範圍與起點"),
       t("By payment type, channel and bank: success rate, latency, error codes against the same hour"
         " last week. Check what was deployed or configured in the last 24 hours. Record where the"
         " fault lies, whether there was a change, and your estimate of the length.",
         "按支付类型、渠道和银行，对比上周同时段的成功率、时延和错误码。核查近 24 小时的发布与配置变更。"
         "登记故障归属、是否有变更及预计时长。",
         "按支付類型、管道和銀行，對比上週同時段的成功率、延遲和錯誤碼。核查近 24 小時的發布與設定變更。"
         "登記故障歸屬、是否有變更及預計時長。"),
       ("ours", "changed", "minutes_down")),
    When("where", t("Is it ours and was something changed?", "是否我方变更所致？", "是否我方變更所致？"),
         "ours and changed",
         (
             Do("back", "operations", 20,
                t("Roll back", "回滚", "回復前版"),
                t("Roll back the last change first and look for its cause later. Two people: one acts,"
                  " one reads along. Note time and version.",
                  "先回滚最近变更，再查原因。双人操作，一人执行一人复核，记录时间与版本。",
                  "先回復最近變更，再查原因。雙人操作，一人執行一人複核，記錄時間與版本。")),
         ),
         (
             Do("switch", "operations", 30,
                t("Switch over or degrade", "切换或降级", "切換或降級"),
                t("Switch to the standby site or second channel; where there is none, stop the broken"
                  " payment type cleanly with a notice rather than let it time out. Watch the load of"
                  " what remains.",
                  "切换至备用站点或第二渠道；没有备用时，干净地停用故障支付类型并公告，不要任其超时。关注其余通道负载。",
                  "切換至備援站點或第二管道；沒有備援時，乾淨地停用故障支付類型並公告，不要任其逾時。關注其餘通道負載。")),
         )),
    Both("meanwhile", t("Meanwhile", "同步进行", "同步進行"), (
        (
            Do("books", "operations", 120,
               t("Secure the books", "核对账务", "核對帳務"),
               t("Stop automatic retries that could pay twice. List payments without a final state,"
                 " ask the other side for theirs, reconcile before anything is sent again. Record"
                 " whether payments are doubled, lost or unclear.",
                 "停止可能造成重复支付的自动重试。列出无终态交易，向对方查询，对平后方可补发。登记是否存在重复、"
                 "丢失或状态不明的交易。",
                 "停止可能造成重複支付的自動重試。列出無終態交易，向對方查詢，對平後方可補發。登記是否存在重複、"
                 "遺失或狀態不明的交易。"),
               ("books_wrong",)),
        ),
        (service(20), statement(45)),
    )),
    When("long", t("Is it long, or are the books wrong?", "时间较长或账务有误？", "時間較長或帳務有誤？"),
         "minutes_down >= 30 or books_wrong", (clocks(minutes=30),)),
    Do("prove", "operations", 60,
       t("Prove that it works", "验证恢复", "驗證恢復"),
       t("Test payments of each type in and out, success rate back to that of last week for 30"
         " minutes, queues empty, alarms back on. Only then say that it is restored.",
         "各类支付收付各做测试，成功率连续 30 分钟恢复至上周水平，队列清空，告警恢复。此后方可宣布恢复。",
         "各類支付收付各做測試，成功率連續 30 分鐘恢復至上週水準，佇列清空，告警恢復。此後方可宣布恢復。")),
    Do("correct", "operations", 1440,
       t("Correct the payments", "差错处理", "差錯處理"),
       t("Return double payments without being asked, complete or return what hangs, tell each"
         " customer concerned. Second person signs the list. Balance at day end.",
         "主动退回重复支付，补完或退回挂账交易，逐户告知。清单经第二人签字，日终对平。",
         "主動退回重複支付，補完或退回懸帳交易，逐戶告知。清單經第二人簽核，日終對平。")),
    review(),
)  # fmt: skip

DDOS: Final = plan(
    "ddos", "security", 70,
    t("Denial-of-service attack", "拒绝服务攻击（DDoS）", "阻斷服務攻擊（DDoS）"),
    t("When traffic that serves nobody slows or stops our services: volume, connections or requests"
      " far above usual, from many sources, with or without a demand for money.",
      "无效流量拖慢或中断服务时使用：流量、连接或请求远超常态且来源分散，无论是否伴随勒索。",
      "無效流量拖慢或中斷服務時使用：流量、連線或請求遠超常態且來源分散，無論是否伴隨勒索。"),
    (
        yes_no("application", t("It aims at the application (requests, not volume)",
                                "针对应用层（请求而非流量）", "針對應用層（請求而非流量）")),
        yes_no("demand", t("There is a demand for money", "收到勒索要求", "收到勒索要求")),
        yes_no("down", t("Customers cannot use us", "客户无法使用服务", "客戶無法使用服務")),
    ),
    Do("see", "security_engineer", 15,
       t("Tell attack from success", "区分攻击与正常高峰", "區分攻擊與正常尖峰"),
       t("Compare with campaigns, paydays and releases. Note volume, packets, requests per second, top"
         " sources, targets and paths. Keep a sample of the traffic. Record kind, effect, and whether"
         " a demand came.",
         "排除营销活动、发薪日和版本发布。记录流量、包量、每秒请求、主要来源、目标与路径，留存流量样本。"
         "登记攻击类型、影响及是否收到勒索。",
         "排除行銷活動、發薪日和版本發布。記錄流量、封包量、每秒請求、主要來源、目標與路徑，留存流量樣本。"
         "登記攻擊類型、影響及是否收到勒索。"),
       ("application", "demand", "down")),
    Tell("ops", "operations",
         t("Tell operations", "通知运维", "通知維運"),
         t("A denial-of-service attack is under way. Freeze releases; stand by to switch traffic.",
           "正遭受拒绝服务攻击。暂停发布，准备切换流量。",
           "正遭受阻斷服務攻擊。暫停發布，準備切換流量。")),
    When("kind", t("At the application?", "是否应用层攻击？", "是否應用層攻擊？"), "application",
         (
             Do("filter", "security_engineer", 30,
                t("Filter at the application", "应用层过滤", "應用層過濾"),
                t("Rate limits by session and address on the paths hit, cache what can be cached,"
                  " challenge new clients, shed expensive functions first (search, reports). Keep"
                  " sign-in and payment open for known devices.",
                  "对受攻击路径按会话和地址限速，能缓存的缓存，对新客户端发起验证，优先关停高消耗功能（查询、报表）。"
                  "对已知设备保持登录与支付可用。",
                  "對受攻擊路徑按工作階段和位址限速，能快取的快取，對新用戶端發起驗證，優先關閉高消耗功能（查詢、報表）。"
                  "對已知裝置保持登入與支付可用。")),
         ),
         (
             Do("scrub", "security_engineer", 30,
                t("Divert to scrubbing", "引流清洗", "導流清洗"),
                t("Call provider and scrubbing service by the emergency contract, announce the"
                  " prefixes, close direct reach of the origin, black-hole single addresses only as a"
                  " last resort and with an end.",
                  "按应急合同联系运营商和清洗服务商，宣告网段引流，关闭源站直连；单个地址黑洞仅作最后手段并设时限。",
                  "按應變合約聯絡電信業者和清洗服務商，宣告網段導流，關閉源站直連；單一位址黑洞僅作最後手段並設時限。")),
         )),
    When("money", t("Is money demanded?", "是否被勒索？", "是否被勒索？"), "demand",
         (
             Do("nopay", "risk_owner", 120,
                t("Answer the demand", "处置勒索要求", "處置勒索要求"),
                t("Do not pay and do not answer without counsel. Preserve the message with its headers,"
                  " go to the police, expect a second wave at the time named.",
                  "不付款，未经法务不回复。保全信息及邮件头，报警，并为其所称时间的第二波攻击做准备。",
                  "不付款，未經法務不回覆。保全訊息及郵件標頭，報警，並為其所稱時間的第二波攻擊做準備。")),
         )),
    When("hurt", t("Are customers cut off?", "客户是否受影响？", "客戶是否受影響？"), "down",
         (Both("out", t("Tell those concerned", "对外沟通", "對外溝通"),
               ((service(20),), (statement(45),), (clocks(minutes=60),))),)),
    Do("cover", "security_engineer", 60,
       t("Look behind the noise", "排查声东击西", "排查聲東擊西"),
       t("Attacks often cover something else: go through sign-ins of administrators, transfers above"
         " limits, new exports and alerts that were drowned since it began.",
         "此类攻击常为掩护：排查攻击期间的管理员登录、超限转账、新增导出和被淹没的告警。",
         "此類攻擊常為掩護：排查攻擊期間的管理員登入、超限轉帳、新增匯出和被淹沒的告警。")),
    Do("down_again", "operations", 240,
       t("Take measures back", "逐步撤除措施", "逐步撤除措施"),
       t("When traffic has been usual for two hours, take filters back one at a time, the hardest"
         " first, watching false refusals. Keep the diversion ready for a day.",
         "流量恢复常态两小时后，逐项撤除过滤，最严者先撤，并观察误拦。引流能力保留一天待命。",
         "流量恢復常態兩小時後，逐項撤除過濾，最嚴者先撤，並觀察誤擋。導流能力保留一天待命。")),
    review(),
)  # fmt: skip

THIRD_PARTY: Final = plan(
    "third_party", "operations", 60,
    t("Failure of a third party", "第三方失效", "第三方失效"),
    t("When a bank, a cloud, an identity or message service, or another supplier fails, is hacked or"
      " goes out of business, and a service of ours depends on it.",
      "银行、云服务、身份或短信服务等供应商故障、被入侵或停业，且我方服务依赖于它时使用。",
      "銀行、雲端服務、身分或簡訊服務等供應商故障、被入侵或停業，且我方服務依賴於它時使用。"),
    (
        yes_no("has_data", t("It holds data of our customers", "其持有我方客户数据", "其持有我方客戶資料")),
        yes_no("has_substitute", t("There is a substitute that works", "有可用替代方", "有可用替代方")),
        number("hours_left", t("Hours we can do without it", "可承受中断小时数", "可承受中斷小時數")),
    ),
    Do("depend", "operations", 30,
       t("List what depends on it", "梳理依赖", "梳理依賴"),
       t("Which services, which customers, since when, and how long we can do without. What does the"
         " contract say of notice, standby and exit? Does it hold customers' data, is there a"
         " substitute? Record all three.",
         "梳理受影响的服务与客户、起始时间、可承受时长；合同对通知、备用和退出的约定；是否持有客户数据、有无替代方。"
         "三项均登记。",
         "梳理受影響的服務與客戶、起始時間、可承受時長；合約對通知、備援和退出的約定；是否持有客戶資料、有無替代方。"
         "三項均登記。"),
       ("has_data", "has_substitute", "hours_left")),
    Do("ask", "operations", 60,
       t("Get their word", "取得对方说明", "取得對方說明"),
       t("Reach the named contact, not the hotline. Ask: what failed, whether data is touched, when it"
         " is back, what they do meanwhile. Write down who said what and when; agree on an hourly call.",
         "联系合同约定的联系人而非热线。询问：故障内容、数据是否受影响、恢复时间、临时措施。记录何人何时所述，"
         "约定每小时通话。",
         "聯絡合約約定的聯絡人而非熱線。詢問：故障內容、資料是否受影響、恢復時間、臨時措施。記錄何人何時所述，"
         "約定每小時通話。")),
    Both("two", t("At the same time", "同步进行", "同步進行"), (
        (
            When("sub", t("Is there a substitute?", "有无替代方？", "有無替代方？"), "has_substitute",
                 (
                     Do("use", "operations", 120,
                        t("Switch to the substitute", "切换至替代方", "切換至替代方"),
                        t("Switch a small share first, compare success and cost for 15 minutes, then the"
                          " rest. Take care that nothing is sent by both.",
                          "先切小部分流量，比较 15 分钟成功率与成本，再全量切换。避免双方重复发送。",
                          "先切小部分流量，比較 15 分鐘成功率與成本，再全量切換。避免雙方重複發送。")),
                 ),
                 (
                     Do("hand", "operations", 240,
                        t("Work by hand or stop cleanly", "人工处理或有序停用", "人工處理或有序停用"),
                        t("Decide per service: by hand with four eyes and a list, or stopped with a"
                          " notice. Set the hour at which this is decided anew.",
                          "逐项服务决定：双人复核人工处理并登记，或公告停用。设定重新决策的时点。",
                          "逐項服務決定：雙人複核人工處理並登記，或公告停用。設定重新決策的時點。")),
                 )),
        ),
        (
            When("data", t("Does it hold customers' data?", "是否持有客户数据？", "是否持有客戶資料？"), "has_data",
                 (
                     Do("shut", "security_engineer", 60,
                        t("Close the connections", "切断连接", "切斷連線"),
                        t("Revoke its keys and accounts, stop transfers to it, change secrets it knew,"
                          " search logs for misuse since it was touched.",
                          "吊销其密钥与账号，停止向其传送数据，更换其知悉的密钥，自受影响时起排查滥用。",
                          "撤銷其金鑰與帳號，停止向其傳送資料，更換其知悉的密鑰，自受影響時起排查濫用。")),
                     Do("ours", "privacy_officer", 240,
                        t("Treat it as a leak of ours", "按我方泄露处理", "按我方外洩處理"),
                        t("Until they prove otherwise their leak is ours: whose data, which kinds, what"
                          " can be done with it. Start the plan for data leaks if it is confirmed.",
                          "在对方举证之前，视同我方泄露：涉及何人、何类数据、可被如何利用。一经确认，启动数据泄露预案。",
                          "在對方舉證之前，視同我方外洩：涉及何人、何類資料、可被如何利用。一經確認，啟動資料外洩預案。")),
                 )),
        ),
    )),
    clocks(),
    service(60),
    Do("back", "operations", 480,
       t("Return with care", "谨慎恢复", "謹慎恢復"),
       t("Only with their written cause and a test of your own. Small share first, reconcile what was"
         " done meanwhile, claim what the contract gives.",
         "须取得书面原因并自行测试后恢复。先小流量，核对期间业务，按合同索赔。",
         "須取得書面原因並自行測試後恢復。先小流量，核對期間業務，按合約求償。")),
    Do("stay", "risk_owner", 10_080,
       t("Decide whether to stay", "决定是否续用", "決定是否續用"),
       t("Rate the supplier anew: substitute, exit plan, concentration, audit. Put the decision and its"
         " reasons before the committee.",
         "重新评估供应商：替代方、退出计划、集中度、审计。将决定及理由提交风险管理委员会。",
         "重新評估供應商：替代方、退出計畫、集中度、稽核。將決定及理由提交風險管理委員會。")),
    review(),
)  # fmt: skip
