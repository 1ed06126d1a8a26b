"""Plans for trust: complaints in mass, a crisis of reputation, a breach of rules."""

from __future__ import annotations

from typing import Final

from guanlan.response.plans.shipped.parts import clocks, review, service, statement
from guanlan.response.plans.shipped.sketch import Both, Do, Tell, When, number, plan, t, yes_no

COMPLAINTS: Final = plan(
    "mass_complaint", "operations", 60,
    t("Mass complaint", "群体性投诉", "群體性申訴"),
    t("When many customers complain of one thing within hours, or a group acts together, calls the"
      " press or comes to our offices.",
      "大量客户在数小时内投诉同一事项，或群体联合行动、联系媒体、到访办公场所时使用。",
      "大量客戶在數小時內申訴同一事項，或群體聯合行動、聯絡媒體、到訪辦公場所時使用。"),
    (
        yes_no("justified", t("The complaint is justified", "投诉属实", "申訴屬實")),
        yes_no("gathering", t("People gather in person", "有人员现场聚集", "有人員現場聚集")),
        number("complaints", t("Complaints so far", "投诉数量", "申訴數量")),
    ),
    Tell("alert", "customer_service",
         t("Alert the heads of service", "通知客服负责人", "通知客服主管"),
         t("Complaints of one kind are rising fast. Collect them under one category from now on.",
           "同类投诉快速上升，请即刻归入同一类别。", "同類申訴快速上升，請即刻歸入同一類別。")),
    Do("gather", "customer_service", 60,
       t("Sort and count", "归类统计", "歸類統計"),
       t("Read fifty at random: what happened, since when, which product, what do they ask? Count by"
         " hour. Merge duplicates without closing anybody's own case. Mark vulnerable customers,"
         " media and threats. Record the number and whether people gather.",
         "随机抽阅五十件：何事、何时起、何产品、何诉求。按小时统计。合并重复但不关闭个人案件。标注弱势客户、"
         "媒体和威胁。登记数量及是否聚集。",
         "隨機抽閱五十件：何事、何時起、何產品、何訴求。按小時統計。合併重複但不關閉個人案件。標註弱勢客戶、"
         "媒體和威脅。登記數量及是否聚集。"),
       ("complaints", "gathering")),
    Do("cause", "operations", 120,
       t("Find the cause", "查明原因", "查明原因"),
       t("With the product's owner: fault, change of terms, fee, delay, or rumour? Is the complaint"
         " justified, for whom, since when? Stop what causes more of it.",
         "会同产品负责人查明：故障、条款变更、收费、延迟或谣言。投诉是否属实、涉及何人、自何时起。停止继续产生问题的做法。",
         "會同產品負責人查明：故障、條款變更、收費、延遲或謠言。申訴是否屬實、涉及何人、自何時起。停止繼續產生問題的做法。"),
       ("justified",)),
    When("crowd", t("Do people gather?", "是否有人聚集？", "是否有人聚集？"), "gathering",
         (
             Do("meet", "customer_service", 60,
                t("Receive them", "现场接待", "現場接待"),
                t("Receive a few speakers in a room, somebody with power to decide takes part, write"
                  " down what is promised and by when. Security stays in the background; children and"
                  " the elderly first.",
                  "请少数代表入室沟通，由有决定权者参加，记录承诺事项与时限。安保不前置，优先照顾老人和儿童。",
                  "請少數代表入室溝通，由有決定權者參加，記錄承諾事項與時限。保全不前置，優先照顧長者和兒童。")),
         )),
    When("right", t("Is it justified?", "投诉是否属实？", "申訴是否屬實？"), "justified",
         (
             Do("offer", "risk_owner", 480,
                t("Decide on one remedy for all", "决定统一补救方案", "決定統一補救方案"),
                t("Same case, same remedy, also for those who did not complain. Say amount, way, date"
                  " and who signs. Correct the cause before the first payment.",
                  "同案同补，未投诉者同样适用。明确金额、方式、日期和签批人。首笔补偿前先纠正成因。",
                  "同案同補，未申訴者同樣適用。明確金額、方式、日期和簽核人。首筆補償前先糾正成因。")),
         ),
         (
             Do("explain", "communications", 240,
                t("Explain", "解释说明", "解釋說明"),
                t("Explain with facts that customers can check, without teaching them a lesson. Admit"
                  " what was unclear in our words and mend those words.",
                  "以客户可查证的事实说明，不说教。承认表述不清之处并改正。",
                  "以客戶可查證的事實說明，不說教。承認表述不清之處並改正。")),
         )),
    Both("speak", t("Speak", "沟通", "溝通"), ((service(60),), (statement(120),), (clocks(minutes=120),))),
    Do("answer", "customer_service", 7200,
       t("Answer each one", "逐件答复", "逐件答覆"),
       t("Every complainant gets an answer in time, with the way to the next instance. Sample ten a day"
         " for tone and truth. No waiver as the price of a remedy.",
         "在时限内答复每位投诉人，并告知后续救济途径。每日抽查十件的语气与真实性。不以弃权作为补偿条件。",
         "在時限內答覆每位申訴人，並告知後續救濟途徑。每日抽查十件的語氣與真實性。不以棄權作為補償條件。")),
    review(),
)  # fmt: skip

REPUTATION: Final = plan(
    "reputation_crisis", "reputation", 70,
    t("Reputation crisis", "声誉危机", "聲譽危機"),
    t("When negative reports or rumours spread faster than usual, reach large media, or move customers"
      " to withdraw money.",
      "负面报道或传言扩散明显加快、进入主流媒体，或引发客户提现时使用。",
      "負面報導或傳言擴散明顯加快、進入主流媒體，或引發客戶提領時使用。"),
    (
        yes_no("true", t("What is said is true in essence", "所述基本属实", "所述基本屬實")),
        yes_no("run", t("Customers withdraw much more than usual", "提现明显高于常态", "提領明顯高於常態")),
        number("reach", t("Reach in thousands of readers", "触达人数（千人）", "觸及人數（千人）")),
    ),
    Tell("alert", "communications",
         t("Call the crisis team", "召集危机小组", "召集危機小組"),
         t("Negative coverage is rising. Nobody answers media but the spokesperson.",
           "负面舆情上升。除发言人外任何人不得回应媒体。",
           "負面輿情上升。除發言人外任何人不得回應媒體。")),
    Do("picture", "communications", 45,
       t("Get the picture", "研判舆情", "研判輿情"),
       t("Where did it begin, who carries it, how fast, what exactly is said? Separate criticism from"
         " falsehood and from accounts that act in concert. Archive the originals. Record the reach.",
         "查明源头、传播者、速度和具体说法。区分批评、不实信息与水军。存档原文。登记触达人数。",
         "查明源頭、傳播者、速度和具體說法。區分批評、不實資訊與協同帳號。存檔原文。登記觸及人數。"),
       ("reach",)),
    Do("facts", "risk_owner", 90,
       t("Establish the facts", "核实事实", "核實事實"),
       t("Ask those who know, see the records yourself. Say what is true, what is false, what is not"
         " known yet and when it will be. Record the answer.",
         "询问知情人并亲自核对记录。明确属实、不实、尚不清楚及何时清楚的内容。登记结论。",
         "詢問知情人並親自核對記錄。明確屬實、不實、尚不清楚及何時清楚的內容。登記結論。"),
       ("true",)),
    Do("liquidity", "operations", 60,
       t("Watch withdrawals", "监测提现", "監測提領"),
       t("Compare withdrawals with the same hours of last week, look at large holders, have cash and"
         " limits at the banks checked. Never slow withdrawals to calm people. Record whether they"
         " rise.",
         "对比上周同时段提现，关注大额客户，核查备付与银行额度。不得以拖延提现平息情绪。登记是否上升。",
         "對比上週同時段提領，關注大額客戶，核查備付與銀行額度。不得以拖延提領平息情緒。登記是否上升。"),
       ("run",)),
    When("flight", t("Do customers withdraw?", "是否出现集中提现？", "是否出現集中提領？"), "run",
         (
             Both("funds", t("Secure the money", "保障资金", "保障資金"), (
                 (
                     Do("fund", "operations", 60,
                        t("Provide funds", "筹备头寸", "籌備頭寸"),
                        t("Bring funds to where they are withdrawn, lengthen cut-off times with the"
                          " banks, name the hour at which more is needed.",
                          "将资金调至提现渠道，与银行协商延长截止时间，测算需追加的时点。",
                          "將資金調至提領管道，與銀行協商延長截止時間，測算需追加的時點。")),
                 ),
                 (clocks(minutes=30),),
             )),
         )),
    When("so", t("Is it true?", "所述是否属实？", "所述是否屬實？"), "true",
         (
             Do("own", "communications", 60,
                t("Own it", "坦诚回应", "坦誠回應"),
                t("Say sorry, what happened, what is done for those concerned, by when. Before others"
                  " say it. Give a next time and keep it.",
                  "致歉，说明经过、对受影响者的措施和时限，抢在他人之前发布。给出下次通报时间并遵守。",
                  "致歉，說明經過、對受影響者的措施和時限，搶在他人之前發布。給出下次說明時間並遵守。")),
         ),
         (
             Do("correct", "communications", 60,
                t("Correct it", "澄清", "澄清"),
                t("Publish the correction with evidence anybody can check, ask media and platforms to"
                  " correct, threaten nobody. Legal steps only against deliberate falsehood and with"
                  " counsel.",
                  "附可查证的证据发布澄清，请媒体和平台更正，不作威胁。仅对恶意造谣并经法务后采取法律手段。",
                  "附可查證的證據發布澄清，請媒體和平台更正，不作威脅。僅對惡意造謠並經法務後採取法律手段。")),
         )),
    service(30),
    Do("staff", "communications", 120,
       t("Tell staff and partners", "告知员工与合作方", "告知員工與合作方"),
       t("The same facts as the public, a little earlier; what to say when friends ask; to whom media"
         " are sent.",
         "与公众相同的事实，稍早告知；亲友询问时如何回答；媒体转交给谁。",
         "與公眾相同的事實，稍早告知；親友詢問時如何回答；媒體轉交給誰。")),
    Do("follow", "communications", 2880,
       t("Follow for a week", "持续跟踪一周", "持續追蹤一週"),
       t("Twice a day: reach, tone, questions still open, withdrawals. Close when reach has been usual"
         " for three days. Keep promises made, and say so.",
         "每日两次：触达、情感倾向、未答问题、提现情况。触达连续三日恢复常态后关闭。兑现承诺并公布。",
         "每日兩次：觸及、情緒傾向、未答問題、提領情況。觸及連續三日恢復常態後關閉。兌現承諾並公布。")),
    review(),
)  # fmt: skip

BREACH: Final = plan(
    "compliance_breach", "compliance", 75,
    t("Breach of compliance", "合规违规事件", "法遵違規事件"),
    t("When a rule, a licence condition or a decision of a regulator was broken, or an inspection, an"
      " auditor or a whistle-blower says so.",
      "违反法规、牌照条件或监管决定，或检查、审计、举报指出违规时使用。",
      "違反法規、執照條件或主管機關決定，或檢查、稽核、吹哨指出違規時使用。"),
    (
        yes_no("continues", t("The breach still goes on", "违规仍在持续", "違規仍在持續")),
        yes_no("customers_hurt", t("Customers were put at a disadvantage", "客户利益受损", "客戶利益受損")),
        yes_no("reportable", t("It must be reported", "须向监管报告", "須向主管機關通報")),
        number("cases", t("Cases found", "涉及笔数", "涉及筆數")),
    ),
    Do("receive", "compliance_officer", 60,
       t("Take it in and protect who reported it", "受理并保护举报人", "受理並保護舉報人"),
       t("Write down what is said to be broken, by whom, since when, and how it came to us. Keep the"
         " name of a whistle-blower to two people. Order that nothing is deleted.",
         "记录所涉规定、责任方、起始时间和来源。举报人身份仅限两人知悉。下达禁止删除指令。",
         "記錄所涉規定、責任方、起始時間和來源。舉報人身分僅限兩人知悉。下達禁止刪除指令。")),
    Do("test", "compliance_officer", 480,
       t("Test it against the rule", "对照规定核实", "對照規定核實"),
       t("Name the obligation and the measure that should have kept it. Draw a sample, then all cases"
         " of the period. Does it still go on, were customers hurt, must it be reported? Record all"
         " four; where in doubt, ask counsel and treat it as reportable.",
         "明确所违义务及应起作用的控制措施。先抽样，再核查期间全部业务。是否仍在持续、客户是否受损、是否须报告。"
         "四项均登记；存疑时征询法务并按须报告处理。",
         "明確所違義務及應起作用的控制措施。先抽樣，再核查期間全部業務。是否仍在持續、客戶是否受損、是否須通報。"
         "四項均登記；有疑義時徵詢法務並按須通報處理。"),
       ("continues", "customers_hurt", "reportable", "cases")),
    When("on", t("Does it go on?", "是否仍在持续？", "是否仍在持續？"), "continues",
         (
             Do("halt", "operations", 120,
                t("Stop it", "立即停止", "立即停止"),
                t("Stop the product, process or message concerned, or guard it with a check by a second"
                  " person until it is mended. Write down the time.",
                  "停止相关产品、流程或宣传；整改前至少由第二人复核把关。记录时间。",
                  "停止相關產品、流程或宣傳；改正前至少由第二人複核把關。記錄時間。")),
         )),
    When("must", t("Must it be reported?", "是否须报告？", "是否須通報？"), "reportable",
         (
             clocks(minutes=30),
             Do("report", "compliance_officer", 480,
                t("Report to the regulator", "向监管报告", "向主管機關通報"),
                t("Facts, extent, cause as far as known, what was stopped, remedy and dates. One"
                  " contact. Say what is not known yet. Keep proof of when it was sent; answer"
                  " questions in writing.",
                  "报告事实、范围、已知原因、已停止事项、补救与日期，指定单一联系人，说明尚不清楚之处。"
                  "留存发送时间证明，书面答复询问。",
                  "通報事實、範圍、已知原因、已停止事項、補救與日期，指定單一聯絡人，說明尚不清楚之處。"
                  "留存發送時間證明，書面答覆詢問。")),
         )),
    Both("mend", t("Mend", "整改", "改正"), (
        (
            Do("cause", "risk_owner", 2880,
               t("Find the cause", "查找根因", "查找根因"),
               t("Rule unknown, unclear or ignored? Measure missing, weak or gone round? Pressure of"
                 " targets? Name causes, not culprits; conduct goes its own way.",
                 "是不知、不清还是无视规定？控制措施缺失、薄弱还是被绕过？是否业绩压力？查因不归咎；个人行为另案处理。",
                 "是不知、不清還是無視規定？控制措施缺失、薄弱還是被繞過？是否業績壓力？查因不歸咎；個人行為另案處理。")),
            Do("fix", "operations", 10_080,
               t("Correct and prove it", "整改并验证", "改正並驗證"),
               t("Change process and system, train those concerned, test on new cases. The compliance"
                 " officer verifies with a sample after a month.",
                 "修改流程与系统，培训相关人员，以新业务检验。一个月后由合规负责人抽样验证。",
                 "修改流程與系統，訓練相關人員，以新業務檢驗。一個月後由法遵負責人抽樣驗證。")),
        ),
        (
            When("hurt", t("Were customers hurt?", "客户是否受损？", "客戶是否受損？"), "customers_hurt",
                 (
                     Do("remedy", "customer_service", 2880,
                        t("Make good", "补救客户", "補救客戶"),
                        t("Put each customer where they would stand without the breach, with interest,"
                          " without being asked. Tell them why in two sentences.",
                          "将每位客户恢复至未违规时的状态并计息，无须客户申请。用两句话说明原因。",
                          "將每位客戶恢復至未違規時的狀態並計息，無須客戶申請。用兩句話說明原因。")),
                     statement(480),
                 )),
        ),
    )),
    Do("committee", "risk_owner", 4320,
       t("Tell the committee", "向委员会报告", "向委員會報告"),
       t("Breach, extent, remedy, cost, what remains. Ask for decisions by name and date. Update the"
         " risk's assessment.",
         "报告违规、范围、补救、成本与遗留事项，请求按人员和日期作出决议。更新风险评估。",
         "報告違規、範圍、補救、成本與遺留事項，請求按人員和日期作出決議。更新風險評估。")),
    service(240),
    review(),
)  # fmt: skip
